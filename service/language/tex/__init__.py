"""TeX read once: what a title, an abstract or a comment shows.

pieces       dollars, macros and the pieces of a formula, and how they stand beside one another
tree         fragments of TeX as a tree
formulas     formulas on one line, as Unicode that keeps what belongs together
prose        what stands around formulas
"""
