"""The model: character ids come in, the layers of a bidirectional language model go out. Start with `bilm.py`.

The letters of every shape comment in this project:

    B  sentences (rows)          H  cell size of the LSTM
    T  tokens                    P  projection size of one direction
    C  characters of a token     D  = 2P, the vector of both directions
    N  tokens without padding    L  layers, token layer first
    F  filters of the char CNN   V  words of the vocabulary
    E  character embedding size  S  negative samples
"""
