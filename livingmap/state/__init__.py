"""The state of the map: the projector folds the log into the scene, the reader is how everything else reads it."""
