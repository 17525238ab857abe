"""The only room that starts git: runner, objects, the commit path."""
