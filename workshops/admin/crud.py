"""The layer between Piccolo Admin and our tables: ``PiccoloCRUD`` made safe for operators.

Each method says which fault of piccolo_api 1.11 it works around (upstream: the tests that
it names). What is written is decided by the table's record (``workshops.admin.registry``),
in the transaction of the request (``workshops.admin.protection``).
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from piccolo.columns import JSON, JSONB, Column, Text, Timestamp, Varchar, Where
from piccolo.columns.operators.comparison import Equal, IsNotNull, IsNull, NotEqual
from piccolo.querystring import QueryString
from piccolo_api.crud.endpoints import PK_TYPES, ParamException, Params, PiccoloCRUD
from piccolo_api.crud.exceptions import MalformedQuery
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workshops.admin import changes
from workshops.admin.audit import CHANGED_NOTHING
from workshops.admin.registry import AdminTable, find, stored_value
from workshops.web.rejections import RejectedError, rejects_with_a_sentence

MOST_IDS = 100
"""The most rows that a foreign key's search returns."""

LONGEST_PAGE = 100
"""The most rows that the lists offer for a page; only the CSV export asks for more."""

LAST_ROW = 1_000_000_000
"""No list goes further than this row; PostgreSQL counts them in 64 bits."""


class OperatorsCRUD(PiccoloCRUD):
    """A table's endpoints: every answer is a success or a rejection with a sentence."""

    @property
    def record(self) -> AdminTable:
        """What holds for the table in the admin."""
        return find(self.table)

    @rejects_with_a_sentence
    async def root(self, request: Request) -> Response:
        self._check_visible(request)
        return await super().root(request)

    @rejects_with_a_sentence
    async def detail(self, request: Request) -> Response:
        if request.method == "PUT":
            # It runs no rule (upstream: test_put_runs_the_hooks).
            raise RejectedError(
                405, "PUT is not supported. PATCH changes the fields that it names."
            )
        self._check_visible(request)
        return await super().detail(request)

    @rejects_with_a_sentence
    async def get_count(self, request: Request) -> Response:
        self._check_visible(request)
        response: Response = await super().get_count(request)
        return response

    @rejects_with_a_sentence
    async def get_ids(self, request: Request) -> Response:
        """Return the keys and readable names of some rows, for the search of a foreign key.

        The library sends the whole table if no limit is given, pastes ``limit`` and
        ``offset`` into SQL, and takes % and _ in the search as wildcards
        (upstream: test_limit_of_ids_is_a_number).
        """
        limit = _number(request, "limit", default=MOST_IDS, most=MOST_IDS)
        offset = _number(request, "offset", default=0, most=LAST_ROW)
        key = self.table._meta.primary_key
        rows = self.table.select(key, self.table.get_readable())
        matches = QueryString("TRUE")
        if search := request.query_params.get("search"):
            matches = QueryString("readable ILIKE {}", f"%{_literally(search)}%")
        found = await self.table.raw(
            "SELECT * FROM ({}) AS rows WHERE {} ORDER BY readable, {} LIMIT {} OFFSET {}",
            rows.querystrings[0],
            matches,
            QueryString(f'"{key._meta.db_column_name}"'),
            limit,
            offset,
        )
        return JSONResponse({str(row[key._meta.name]): row["readable"] for row in found})

    async def get_schema(self, request: Request) -> JSONResponse:
        """Return how the browser part shows the table.

        A foreign key is called what it points to ("Workshop", not "Workshop ID"), a table
        without ``updated_at`` has a version to tell stale forms by, and the fields that a
        Save cannot change and the statuses that may follow each other are named.
        """
        schema = self.pydantic_model.model_json_schema()
        for column in self.table._meta.foreign_key_columns:
            name = column._meta.name
            title = name.removesuffix("_id").replace("_", " ").capitalize()
            schema["properties"][name]["title"] = title
        schema["extra"]["fixed_columns"] = [
            name for name in schema["properties"] if not self.record.allows_change(name)
        ]
        schema["extra"]["next_statuses"] = self.record.next_statuses
        if changes.needs_version(self.record):
            schema["properties"][changes.ROW_VERSION] = changes.VERSION_PROPERTY
        return JSONResponse(schema)

    async def get_all(self, request: Request, params: dict[str, Any] | None = None) -> Response:
        """Return a page of the list, with times as people write them: in milliseconds.

        The browser part makes CSV files of the same rows, which a spreadsheet would
        take for formulas where a text begins like one: there it begins with a quote.
        """
        response: Response = await super().get_all(request, params=params)
        if response.status_code != 200:
            return response
        content = json.loads(bytes(response.body))
        times = [c._meta.name for c in self.table._meta.columns if isinstance(c, Timestamp)]
        exported = (self._split_params(params or {}).page_size or 0) > LONGEST_PAGE
        hidden = self._hidden(request)
        for row in content["rows"]:
            for name in times:
                if row.get(name):
                    moment = datetime.fromisoformat(row[name])
                    row[name] = moment.isoformat(sep=" ", timespec="milliseconds")
            if exported:
                row.update({name: harmless(value) for name, value in row.items()})
            row.update(dict.fromkeys(hidden & row.keys()))
        headers = {k: v for k, v in response.headers.items() if k == "content-range"}
        return JSONResponse(content, headers=headers)

    async def get_single(self, request: Request, row_id: PK_TYPES) -> Response:
        """Return one row, with its version if the table has no ``updated_at``."""
        response: Response = await super().get_single(request, row_id)
        hidden, versioned = self._hidden(request), changes.needs_version(self.record)
        if response.status_code != 200 or not (hidden or versioned):
            return response
        row = json.loads(bytes(response.body))
        row.update(dict.fromkeys(hidden & row.keys()))
        if versioned:
            row[changes.ROW_VERSION] = await changes.read_version(self.table, row_id)
        return JSONResponse(row)

    # Writing: the library answers with the database's message, which names constraints and
    # values, writes NULL for what is left out, and takes the text "null" for null (upstream:
    # test_violation_tells_no_value, test_default_counts_where_nothing_is_given,
    # test_word_null_is_a_text).

    async def post_single(self, request: Request, data: dict[str, Any]) -> Response:
        row_id = await changes.add_row(self.record, self.pydantic_model, data)
        return JSONResponse([{"id": row_id}], status_code=201)

    async def patch_single(
        self, request: Request, row_id: PK_TYPES, data: dict[str, Any]
    ) -> Response:
        if not await changes.change_row(self.record, self.pydantic_model_optional, row_id, data):
            request.scope[CHANGED_NOTHING] = True
        # The browser part keeps the form open after a Save: it needs the new version.
        return await self.get_single(request, row_id)

    async def delete_single(self, request: Request, row_id: PK_TYPES) -> Response:
        await changes.delete_row(self.record, row_id)
        return Response(status_code=204)

    # Queries

    def _split_params(self, params: dict[str, Any]) -> Params:
        """Read the parameters of a query; refuse what the library or the database fails on.

        (upstream: test_unknown_order_is_refused, test_page_below_one_is_refused,
        test_nul_in_a_filter_is_refused)

        Raises:
            ParamException: it says what cannot be asked for.
        """
        for name, value in params.items():
            if "__" in name and isinstance(value, list):
                raise ParamException(f"{name} may be given only once.")
            for text in (name, *(value if isinstance(value, list) else [value])):
                if isinstance(text, str) and "\0" in text:
                    raise ParamException("A filter cannot hold a NUL character.")
        try:
            split = super()._split_params(params)
        except ValueError as error:
            raise ParamException(str(error)) from error
        for column in [by.column for by in split.order_by or ()] + (split.visible_fields or []):
            if column._meta.secret:
                # A list sorted by a secret tells it, one comparison at a time.
                raise ParamException(f"{column._meta.name} is secret.")
        size = split.page_size or self.page_size
        if not 1 <= size <= self.max_page_size:
            raise ParamException(f"__page_size must be from 1 to {self.max_page_size}.")
        if split.page < 1 or split.page * size > LAST_ROW:
            raise ParamException(f"__page must be from 1 to {LAST_ROW // size}.")
        # It goes into a header.
        if not re.fullmatch(r"[A-Za-z0-9_ -]*", split.range_header_name):
            raise ParamException("__range_header_name holds other characters than a-z, 0-9, _, -.")
        split.order_by = self.record.ordered(split.order_by)
        return split

    def _apply_filters(self, query: Any, params: Params) -> Any:
        """Add the filters to a query.

        The library takes no notice of the operator on a text column (so "not equal"
        returned the equal rows), takes % and _ as wildcards, compares with the text
        'None' for null, and fails on JSON (upstream: test_not_equal_finds_the_others,
        test_per_cent_stands_for_itself, test_json_filter_is_refused).
        """
        if not params.fields:
            return query
        values = self.pydantic_model_filters(**params.fields).model_dump()
        for name in params.fields:
            if name not in values:
                raise MalformedQuery(f"{name} isn't a valid field name.")
            column = self.table._meta.get_column_by_name(name)
            given = values[name] if isinstance(values[name], list) else [values[name]]
            for value in given:
                query = query.where(
                    _condition(column, value, params.operators[name], params.match_types[name])
                )
        return query

    # What only superusers see

    def _hidden(self, request: Request) -> set[str]:
        if request.user.user.superuser:
            return set()
        return {column._meta.name for column in self.record.superusers_only}

    def _check_visible(self, request: Request) -> None:
        """Refuse a query that names what is hidden: to show it, to sort or to filter by it."""
        hidden = self._hidden(request)
        for key, value in request.query_params.multi_items():
            for word in (key.removesuffix("[]").split("__")[0], *re.split("[,-]", value)):
                if word in hidden:
                    raise RejectedError(403, f"Only superusers may see {word}.")


def _condition(column: Column, value: Any, operator: Any, match: str) -> Where | QueryString:
    """Return the condition of a filter of a list; null is one value like others.

    :param operator: One of the library's comparison operators.
    :param match: How a text is compared: contains, exact, starts, or ends.

    Raises:
        MalformedQuery: the column cannot be filtered like this.
    """
    if operator in (IsNull, IsNotNull):
        return Where(column, operator=operator)
    if isinstance(column, (JSON, JSONB)):
        raise MalformedQuery(f"{column._meta.name} can only be filtered by is_null and not_null.")
    value = stored_value(value)
    if value is None:
        return Where(column, operator=IsNotNull if operator is NotEqual else IsNull)
    is_text = isinstance(column, (Varchar, Text)) and operator in (Equal, NotEqual)
    # The browser part sends no match for a choice.
    if is_text and match != "exact" and column._meta.choices is None:
        text = _literally(str(value))
        pattern = {"starts": f"{text}%", "ends": f"%{text}"}.get(match, f"%{text}%")
        matches = "({} ILIKE {}) IS NOT TRUE" if operator is NotEqual else "{} ILIKE {}"
        return QueryString(matches, column, pattern)
    if operator is NotEqual:
        return QueryString("{} IS DISTINCT FROM {}", column, value)
    return Where(column, value, operator=operator)


def harmless(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula: a text like one gets a quote."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value


def _literally(text: str) -> str:
    """Return a text for a LIKE pattern, where it stands for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def _number(request: Request, name: str, *, default: int, most: int) -> int:
    """Return a whole number from the query, at most ``most``."""
    value = request.query_params.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,12}", value):
        raise ParamException(f"{name} must be a whole number, 0 or more.")
    return min(int(value), most)
