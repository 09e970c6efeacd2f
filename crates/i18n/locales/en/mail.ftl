### What the letters say.
