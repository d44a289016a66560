"""Training data: windows of ids in, the tensors of a step out."""
