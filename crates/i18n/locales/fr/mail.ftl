### Ce que disent les messages.
