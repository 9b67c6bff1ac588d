"""Image files in and out: which are meant, how they are read and written; without torch but for `tensors`."""
