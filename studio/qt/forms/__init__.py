"""Forms made from the declaration of an operation."""

from studio.qt.forms.form import Form, make_control

__all__ = ["Form", "make_control"]
