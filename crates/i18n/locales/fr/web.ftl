### Ce que disent les pages.
