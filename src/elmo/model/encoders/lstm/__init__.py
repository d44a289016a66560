"""The LSTM with projection, clips and residuals (Peters et al. 2018, section 3.4). Start with `lstm.py`."""
