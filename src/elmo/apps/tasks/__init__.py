"""Tasks: labelled files in, a trained task, scores and predictions out."""
