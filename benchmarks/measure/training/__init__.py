"""Speed, memory and quality of training."""
