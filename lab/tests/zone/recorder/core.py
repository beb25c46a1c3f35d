"""A core.py that writes down every policy enforcement point that it is asked for: name, user, client program, types."""

import os
from collections.abc import Callable
from typing import Any

LEFT_OUT = ("obj_stat", "lseek", "gen_query", "data_obj_read", "data_obj_write", "get_file_descriptor_info", "_finally")


def __getattr__(name: str) -> Callable[[list[Any], Any, Any], int]:
    if not name.startswith("pep_") or any(part in name for part in LEFT_OUT):
        raise AttributeError(name)

    def record(rule_args: list[Any], _callback: Any, rei: Any) -> int:
        kinds = " ".join(type(argument).__name__ for argument in rule_args)
        line = "{} {} {}|{}\n".format(name[4:], rei.rsComm.clientUser.userName, rei.rsComm.option, kinds)
        with open(os.environ["RECORD"], "a", encoding="utf-8") as file:
            file.write(line)
        return 5000000

    return record
