"""Sources of batches other than files: rows of another batch, and records that were chosen in their grid."""
