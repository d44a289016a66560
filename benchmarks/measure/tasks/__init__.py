"""What ELMo brings to tasks with labels, and how long they take."""
