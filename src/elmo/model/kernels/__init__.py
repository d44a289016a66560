"""Kernels: matrix products in each precision, compiled functions, mapped weights."""
