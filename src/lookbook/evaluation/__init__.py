"""How good labels and searches are: figures of merit, scores, figures and tables."""
