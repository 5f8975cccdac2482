"""The matching desk: which stash-box entry is this local scene?

Pure rules: `evidence` measures, `score` orders, `coherence` unmasks magnets, `confidence` judges with reasons,
`metadata` compares fields. The formulas stand in docs/matching.md.
"""
