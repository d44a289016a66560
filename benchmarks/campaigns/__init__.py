"""Campaigns of odd inputs and kills: seeds in, every outcome that is neither right nor one sentence out."""
