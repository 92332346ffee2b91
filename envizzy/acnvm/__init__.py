"""The files of Cisco's NVM Collector as settings of ours; says what each line became."""

from envizzy.acnvm.files import AcnvmFiles, find_files, read_files
from envizzy.acnvm.model import Imported, Note, Said

__all__ = ["AcnvmFiles", "Imported", "Note", "Said", "find_files", "read_files"]
