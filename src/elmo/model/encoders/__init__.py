"""Context encoders: token vectors in, the layers of one direction out; one folder a kind."""
