"""Pictures that style transfer takes its styles from, each painted in another medium by `paint`.

A file's stem is its name: ``ink-hatching.webp`` is shown as "Ink hatching". The pictures are made by
``python -m studio_resources.styles.paint`` and nothing else: no picture by others is part of them.
"""
