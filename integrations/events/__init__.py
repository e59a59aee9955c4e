"""Events: exports of product events, reduced to days of usage in bounded memory."""
