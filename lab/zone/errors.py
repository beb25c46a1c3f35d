"""The error codes of iRODS that the lab zone answers with, by their names."""

import re

CODES = {
    "SYS_HEADER_READ_LEN_ERR": -4000,
    "SYS_UNMATCHED_API_NUM": -12000,
    "SYS_NO_API_PRIV": -13000,
    "SYS_PACK_INSTRUCT_FORMAT_ERR": -15000,
    "SYS_FILE_DESC_OUT_OF_RANGE": -19000,
    "SYS_COPY_ALREADY_IN_RESC": -46000,
    "SYS_NOT_SUPPORTED": -66000,
    "SYS_RESC_DOES_NOT_EXIST": -78000,
    "SYS_RESC_IS_DOWN": -105000,
    "CANT_REG_IN_VAULT_FILE": -128000,
    "PATH_REG_NOT_ALLOWED": -129000,
    "SYS_INVALID_INPUT_PARAM": -130000,
    "SYS_INTERNAL_ERR": -154000,
    "SYS_REPLICA_DOES_NOT_EXIST": -164000,
    "SYS_UNKNOWN_ERROR": -165000,
    "SYS_LIBRARY_ERROR": -167000,
    "SYS_REPLICA_INACCESSIBLE": -168000,
    "SYS_NOT_ALLOWED": -169000,
    "JSON_VALIDATION_ERROR": -172000,
    "USER_FILE_DOES_NOT_EXIST": -310000,
    "OVERWRITE_WITHOUT_FORCE_FLAG": -312000,
    "UNMATCHED_KEY_OR_INDEX": -313000,
    "USER_CHKSUM_MISMATCH": -314000,
    "USER_INPUT_PATH_ERR": -317000,
    "USER_INVALID_USERNAME_FORMAT": -319000,
    "USER_ACCESS_DENIED": -350000,
    "SAME_SRC_DEST_PATHS_ERR": -339000,
    "BAD_INPUT_DESC_INDEX": -345000,
    "CANT_RM_NON_EMPTY_HOME_COLL": -354000,
    "OBJ_PATH_DOES_NOT_EXIST": -358000,
    "USER_INCOMPATIBLE_PARAMS": -402000,
    "INTERMEDIATE_REPLICA_ACCESS": -405000,
    "LOCKED_DATA_OBJECT_ACCESS": -406000,
    "CHECK_VERIFICATION_RESULTS": -407000,
    "INPUT_ARG_NOT_WELL_FORMED_ERR": -1084000,
    "INVALID_OPERATION": -1811000,
    "UNIX_FILE_OPEN_ERR": -510000,
    "UNIX_FILE_STAT_ERR": -516000,
    "CAT_SQL_ERR": -806000,
    "CAT_NO_ROWS_FOUND": -808000,
    "CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME": -809000,
    "CAT_INVALID_RESOURCE": -831000,
    "CAT_UNKNOWN_COLLECTION": -814000,
    "CAT_INVALID_ARGUMENT": -816000,
    "CAT_UNKNOWN_FILE": -817000,
    "CAT_NO_ACCESS_PERMISSION": -818000,
    "CAT_SUCCESS_BUT_WITH_NO_INFO": -819000,
    "CAT_INVALID_USER": -827000,
    "CAT_UNKNOWN_TABLE": -823000,
    "CAT_FAILED_TO_LINK_TABLES": -825000,
    "CAT_COLLECTION_NOT_EMPTY": -821000,
    "CAT_INVALID_AUTHENTICATION": -826000,
    "CAT_INVALID_GROUP": -829000,
    "CAT_INSUFFICIENT_PRIVILEGE_LEVEL": -830000,
    "CAT_INVALID_CLIENT_USER": -832000,
    "CAT_NAME_EXISTS_AS_COLLECTION": -833000,
    "CAT_NAME_EXISTS_AS_DATAOBJ": -834000,
    "CAT_RESOURCE_NOT_EMPTY": -835000,
    "CAT_UNKNOWN_RESOURCE": -852000,
    "CAT_UNKNOWN_SPECIFIC_QUERY": -853000,
    "CAT_STATEMENT_TABLE_FULL": -860000,
    "NO_MICROSERVICE_FOUND_ERR": -1102000,
    "NO_RULE_OR_MSI_FUNCTION_FOUND_ERR": -1097000,
    "HIERARCHY_ERROR": -1803000,
    "KEY_NOT_FOUND": -1800000,
    "INVALID_LEXICAL_CAST": -1819000,
    "RULE_ENGINE_ERROR": -1828000,
}
RULE_ENGINE_CONTINUE = 5000000
RULE_ENGINE_SKIP_OPERATION = 5001000

_CODE_IN_TEXT = re.compile(r"\[iRods__Error__Code:(-?\d+)\]")


class ZoneError(Exception):
    """An operation that ends with one of the codes of iRODS; code 0 is the odd 'failure' that means success."""

    def __init__(self, name: str | int, message: str = "") -> None:
        self.code = name if isinstance(name, int) else CODES[name]
        self.message = message
        super().__init__(f"{name}: {message}" if message else str(name))


def unsupported(what: str) -> ZoneError:
    """The refusal of something that a real zone has and this one has not."""
    return ZoneError("SYS_NOT_SUPPORTED", f"the lab zone does not support {what}")


def code_in(text: str) -> int:
    """The code that an exception's text chooses for the client, as the Python rule engine reads it."""
    match = _CODE_IN_TEXT.search(text)
    return int(match.group(1)) if match else -1
