"""The layer between Piccolo Admin and our tables: ``PiccoloCRUD`` made safe for operators.

Each method says which fault of piccolo_api 1.11 it works around (upstream: the tests that
it names). What is
written is decided by the table's record (``workshops.admin.registry``), in the transaction
of the request (``workshops.admin.protection``).
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Boolean, Timestamp
from piccolo.querystring import QueryString
from piccolo_api.crud.endpoints import PK_TYPES, OrderBy, ParamException, Params, PiccoloCRUD
from piccolo_api.crud.exceptions import MalformedQuery
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workshops.admin.changes import (
    ROW_VERSION,
    VERSION_PROPERTY,
    AlreadyWrittenError,
    needs_version,
    read_version,
    start_change,
)
from workshops.admin.queries import (
    LAST_ROW,
    check_page,
    check_texts,
    condition,
    escape_like,
    harmless,
    names_asked_for,
    number,
)
from workshops.admin.registry import LOOKED_AT_ONLY, AdminTable, find
from workshops.web.rejections import FieldsRejectedError, RejectedError, rejects_with_a_sentence

MOST_IDS = 100
"""The most rows that a foreign key's search returns."""

LONGEST_PAGE = 100
"""The most rows that the lists offer for a page; only the CSV export asks for more."""


class OperatorsCRUD(PiccoloCRUD):
    """A table's endpoints: every answer is a success or a rejection with a sentence."""

    @property
    def record(self) -> AdminTable:
        """What holds for the table in the admin."""
        return find(self.table)

    @rejects_with_a_sentence
    async def root(self, request: Request) -> Response:
        return self._hide(request, await super().root(request))

    @rejects_with_a_sentence
    async def detail(self, request: Request) -> Response:
        if request.method == "PUT":
            # It runs no rule (upstream: test_put_runs_the_hooks).
            raise RejectedError(
                405, "PUT is not supported. PATCH changes the fields that it names."
            )
        row_id = request.path_params["row_id"]
        if self.table._meta.primary_key.value_type is int and not re.fullmatch(
            r"[1-9][0-9]{0,8}", row_id
        ):
            return Response("The resource doesn't exist", status_code=404)
        return self._hide(request, await super().detail(request))

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
        limit = number(request, "limit", default=MOST_IDS, most=MOST_IDS)
        offset = number(request, "offset", default=0, most=LAST_ROW)
        key = self.table._meta.primary_key
        rows = self.table.select(key, self.table.get_readable())
        matches = QueryString("TRUE")
        if search := request.query_params.get("search"):
            matches = QueryString("readable ILIKE {}", f"%{escape_like(search)}%")
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
        if self._has_version:
            schema["properties"][ROW_VERSION] = VERSION_PROPERTY
        return JSONResponse(schema)

    @property
    def _has_version(self) -> bool:
        return self.record.change is not None and needs_version(self.table)

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
        for row in content["rows"]:
            for name in times:
                if row.get(name):
                    moment = datetime.fromisoformat(row[name])
                    row[name] = moment.isoformat(sep=" ", timespec="milliseconds")
            if exported:
                row.update({name: harmless(v) for name, v in row.items()})
        headers = {k: v for k, v in response.headers.items() if k == "content-range"}
        return JSONResponse(content, headers=headers)

    async def get_single(self, request: Request, row_id: PK_TYPES) -> Response:
        """Return one row, with its version if the table has no ``updated_at``."""
        response: Response = await super().get_single(request, row_id)
        if not self._has_version or response.status_code != 200:
            return response
        row = json.loads(bytes(response.body))
        return JSONResponse({**row, ROW_VERSION: await read_version(self.table, row_id)})

    # Writing: the library answers with the database's message, which names constraints and
    # values, writes NULL for what is left out, and takes the text "null" for null (upstream:
    # test_violation_tells_no_value, test_default_counts_where_nothing_is_given,
    # test_word_null_is_a_text).

    async def post_single(self, request: Request, data: dict[str, Any]) -> Response:
        if self.record.add is None:
            raise RejectedError(405, self.record.not_added)
        # The form of a new row sends the version too, and there is none yet.
        data.pop(ROW_VERSION, None)
        self._check_names(data)
        for column in self.table._meta.columns:
            if isinstance(column, Boolean):
                data.setdefault(column._meta.name, column.get_default_value())
        model: Any = self.pydantic_model(**data)
        # A user hashes the password while it is made.
        new = model if issubclass(self.table, BaseUser) else self.table(**model.model_dump())
        try:
            row = await self.record.add(new)
            row_id = (await row.save())[0][self.table._meta.primary_key._meta.name]
        except AlreadyWrittenError as written:
            row_id = written.row_id
        return JSONResponse([{"id": row_id}], status_code=201)

    async def patch_single(
        self, request: Request, row_id: PK_TYPES, data: dict[str, Any]
    ) -> Response:
        """Change the fields that are named; the table's rule decides how."""
        if self.record.change is None:
            raise RejectedError(405, LOOKED_AT_ONLY)
        version = data.pop(ROW_VERSION, None)
        self._check_names(data)
        key = self.table._meta.primary_key
        # The library changes a key (upstream: test_key_stays).
        if str(data.pop(key._meta.name, row_id)) != str(row_id):
            raise FieldsRejectedError({key._meta.name: "cannot be changed."})
        model = self.pydantic_model_optional(**data)
        posted = {name: getattr(model, name) for name in data}
        change = await start_change(self.table, row_id, posted, version)
        change.check(self.record.allows_change)
        with suppress(AlreadyWrittenError):
            await self.table.update(await self.record.change(change)).where(key == row_id)
        # The browser part keeps the form open after a Save: it needs the new version.
        return await self.get_single(request, row_id)

    async def delete_single(self, request: Request, row_id: PK_TYPES) -> Response:
        if self.record.delete is None:
            raise RejectedError(405, LOOKED_AT_ONLY)
        with suppress(AlreadyWrittenError):
            await self.record.delete(row_id)
            await self.table.delete().where(self.table._meta.primary_key == row_id)
        return Response(status_code=204)

    def _check_names(self, data: dict[str, Any]) -> None:
        """Refuse what is not a column: the library would take ``__class__`` for one.

        (upstream: test_attribute_is_no_column)
        """
        names = {column._meta.name for column in self.table._meta.columns}
        if unknown := sorted(set(data) - names):
            raise FieldsRejectedError(
                {name[:100]: "is not a column of this table." for name in unknown}
            )

    # Queries

    def _split_params(self, params: dict[str, Any]) -> Params:
        """Read the parameters of a query; the library fails on unknown columns and large pages.

        (upstream: test_unknown_order_is_refused)
        """
        check_texts(params)
        try:
            split = super()._split_params(params)
        except ValueError as error:
            raise ParamException(str(error)) from error
        check_page(split, size=self.page_size, largest=self.max_page_size)
        if not split.order_by:  # as when a page is opened by its address, before its settings came
            split.order_by = self.record.order()
        if split.order_by[-1].column is self.table._meta.primary_key:
            upwards = not split.order_by[0].ascending  # the newest first, and of these the first
            split.order_by[-1:-1] = [OrderBy(column, upwards) for column in self.record.then_by]
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
                    condition(column, value, params.operators[name], params.match_types[name])
                )
        return query

    # What only superusers see

    def _hidden(self, request: Request) -> set[str]:
        if request.user.user.superuser:
            return set()
        return {column._meta.name for column in self.record.superusers_only}

    def _check_visible(self, request: Request) -> None:
        for name in self._hidden(request) & names_asked_for(request):
            raise RejectedError(403, f"Only superusers may see {name}.")

    def _hide(self, request: Request, response: Response) -> Response:
        """Take out of a row or a list what the operator may not see."""
        hidden = self._hidden(request)
        if not hidden or response.status_code != 200:
            return response
        self._check_visible(request)
        content = json.loads(bytes(response.body))
        for row in content.get("rows", [content]):
            row.update({name: None for name in hidden if name in row})
        return JSONResponse(content)
