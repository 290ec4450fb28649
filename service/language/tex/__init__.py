"""TeX read once: what a title, an abstract or a comment shows.

dollars      which dollars begin a formula, and which are money
macros       what each macro stands for, and how its arguments are read
tree         fragments of TeX as a tree
pieces       pieces of a formula, and how they stand beside one another
formulas     formulas on one line, as Unicode that keeps what belongs together
prose        what stands around formulas
"""
