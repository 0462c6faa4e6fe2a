"""One stream of Bybit position frames, fed to every client in the same bytes at the same pace."""
