"""What git's hooks, the merge driver and hook managers run; how they are installed, and proved to work."""
