"""Adapted models outside this project: weights with a card, and both towers as programs."""

from crossmost.export.programs import PROGRAMS, export_programs, load_program

__all__ = ["PROGRAMS", "export_programs", "load_program"]
