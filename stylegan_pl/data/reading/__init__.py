"""From a file's bytes to a crop: decoding, resampling, cutting."""
