"""The layer between Piccolo Admin and our tables: ``PiccoloCRUD`` made safe for operators.

Each method says which fault of piccolo_api 1.11 it works around. Piccolo Admin
1.14 has no parameter for the classes that it makes its endpoints from, so
``our_classes`` puts ours in their place while a site is built.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import asyncpg
from piccolo.apps.user.tables import BaseUser
from piccolo.columns import Boolean, Column, Timestamp
from piccolo.querystring import QueryString
from piccolo_admin import endpoints as admin_endpoints
from piccolo_api.crud.endpoints import PK_TYPES, ParamException, Params, PiccoloCRUD
from piccolo_api.crud.exceptions import MalformedQuery
from piccolo_api.crud.hooks import HookType, execute_post_hooks
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workshops.admin.filters import condition, escape_like
from workshops.admin.login_limit import LoginLimit
from workshops.admin.read_only import EDITABLE, NOT_ADDED
from workshops.admin.refusals import READ_ONLY, FieldsRefusedError, RefusedError, refusal_of
from workshops.admin.versions import ROW_VERSION, read_version, version_property
from workshops.database.migrations import project_engine
from workshops.errors import WorkshopsError

MOST_IDS = 100
"""The most rows that a foreign key's search returns."""

LONGEST_PAGE = 100
"""The most rows that the lists offer for a page; only the CSV export asks for more."""

LAST_ROW = 1_000_000_000
"""No list goes further than this row; PostgreSQL counts them in 64 bits."""

QUICK_COUNTS = {
    "workshop_steps": "SELECT COALESCE(sum(steps_total), 0) AS count FROM workshop_summaries"
}
"""How to count a whole table that is large, by what triggers keep of it: 2 million
steps in 20 ms instead of 130."""

# The library's own, without its wrapper that turns a violated constraint into the
# server's message, which names constraints and values, not fields.
_post_single = inspect.unwrap(PiccoloCRUD.post_single)
_patch_single = inspect.unwrap(PiccoloCRUD.patch_single)
_delete_single = inspect.unwrap(PiccoloCRUD.delete_single)

# What a plain admin does not see.
SUPERUSERS_ONLY = {"piccolo_user": ("email",)}

Answer = TypeVar("Answer", bound=Callable[..., Coroutine[Any, Any, Response]])


class AlreadyWrittenError(Exception):
    """A rule has written the row itself, by an operation; the library has nothing to do."""

    def __init__(self, row_id: Any = None) -> None:
        self.row_id = row_id
        super().__init__()


def refuses_with_a_sentence(endpoint: Answer) -> Answer:
    """Turn a refusal, an error of ours or of the database into an answer.

    Without it each of them is a 500.
    """

    @wraps(endpoint)
    async def answer(self: OperatorsCRUD, request: Request, *args: Any, **kwargs: Any) -> Response:
        try:
            return await endpoint(self, request, *args, **kwargs)
        except RefusedError as refusal:
            return refusal.response()
        except (WorkshopsError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            return refusal_of(error).response()
        except (ParamException, MalformedQuery) as error:
            return RefusedError(400, str(error)).response()
        except ValidationError as error:
            return FieldsRefusedError(
                {
                    ".".join(str(part) for part in problem["loc"]): problem["msg"]
                    for problem in error.errors()
                }
            ).response()

    return answer  # type: ignore[return-value]


class OperatorsCRUD(PiccoloCRUD):
    """A table's endpoints: every answer is a success or a refusal with a sentence."""

    @refuses_with_a_sentence
    async def root(self, request: Request) -> Response:
        """List, add."""
        if request.method in ("GET", "HEAD"):
            return self._hide(request, await super().root(request))
        _check_role(request)
        async with project_engine().transaction():
            response = await super().root(request)
        return response  # noqa: RET504 - mypy: a transaction might swallow errors

    @refuses_with_a_sentence
    async def detail(self, request: Request) -> Response:
        """Show, change, delete one row."""
        if request.method == "PUT":
            # It runs no hooks, so no rule would hold.
            raise RefusedError(405, "PUT is not supported. PATCH changes the fields that it names.")
        row_id = request.path_params["row_id"]
        if self.table._meta.primary_key.value_type is int and not re.fullmatch(
            r"[1-9][0-9]{0,8}", row_id
        ):
            return Response("The resource doesn't exist", status_code=404)
        if request.method in ("GET", "HEAD"):
            return self._hide(request, await super().detail(request))
        _check_role(request)
        async with project_engine().transaction():
            response = await super().detail(request)
        return response  # noqa: RET504 - mypy: a transaction might swallow errors

    @refuses_with_a_sentence
    async def get_count(self, request: Request) -> Response:
        """Return how many rows match."""
        self._check_visible(request)
        statement = QUICK_COUNTS.get(self.table._meta.tablename)
        if statement and not request.query_params:
            [row] = await self.table.raw(statement)
            return JSONResponse({"count": row["count"], "page_size": self.page_size})
        response: Response = await super().get_count(request)
        return response

    @refuses_with_a_sentence
    async def get_ids(self, request: Request) -> Response:
        """Return the keys and readable names of some rows, for the search of a foreign key.

        The library sends the whole table if no limit is given, pastes ``limit`` and
        ``offset`` into SQL, and takes % and _ in the search as wildcards.
        """
        limit = _number(request, "limit", default=MOST_IDS, least=0, most=MOST_IDS)
        offset = _number(request, "offset", default=0, least=0, most=LAST_ROW)
        key = self.table._meta.primary_key
        rows = self.table.select(key, self.table.get_readable())
        condition = QueryString("TRUE")
        if search := request.query_params.get("search"):
            condition = QueryString("readable ILIKE {}", f"%{escape_like(search)}%")
        found = await self.table.raw(
            "SELECT * FROM ({}) AS rows WHERE {} ORDER BY readable, {} LIMIT {} OFFSET {}",
            rows.querystrings[0],
            condition,
            QueryString(f'"{key._meta.db_column_name}"'),
            limit,
            offset,
        )
        return JSONResponse({str(row[key._meta.name]): row["readable"] for row in found})

    async def get_schema(self, request: Request) -> JSONResponse:
        """Return how the browser part shows the table.

        A foreign key is called what it points to ("Workshop", not "Workshop ID"), and
        a table without ``updated_at`` has a version to tell stale forms by, and the
        fields that a Save cannot change are named.
        """
        schema = self.pydantic_model.model_json_schema()
        for column in self.table._meta.foreign_key_columns:
            name = column._meta.name
            title = name.removesuffix("_id").replace("_", " ").capitalize()
            schema["properties"][name]["title"] = title
        editable = EDITABLE.get(self.table._meta.tablename, ())
        schema["extra"]["fixed_columns"] = [
            name for name in schema["properties"] if name not in editable
        ]
        schema["properties"].update(version_property(self.table))
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
        for row in content["rows"]:
            for name in times:
                if row.get(name):
                    moment = datetime.fromisoformat(row[name])
                    row[name] = moment.isoformat(sep=" ", timespec="milliseconds")
            if exported:
                row.update({name: f"'{v}" for name, v in row.items() if _is_formula(v)})
        return JSONResponse(content, headers=_content_range(response))

    async def get_single(self, request: Request, row_id: PK_TYPES) -> Response:
        """Return one row, with its version if the table has no ``updated_at``."""
        response: Response = await super().get_single(request, row_id)
        version = await read_version(self.table, row_id)
        if version is None or response.status_code != 200:
            return response
        return JSONResponse({**json.loads(bytes(response.body)), ROW_VERSION: version})

    async def post_single(self, request: Request, data: dict[str, Any]) -> Response:
        """Add a row."""
        if because := NOT_ADDED.get(self.table._meta.tablename):
            raise RefusedError(405, because)
        self._check_names(data)
        # The library writes NULL for what is left out, whatever the column's default.
        for column in self.table._meta.columns:
            if isinstance(column, Boolean):
                data.setdefault(column._meta.name, column.get_default_value())
        try:
            if issubclass(self.table, BaseUser):
                # The library runs no rule here, and answers with the database's message,
                # which holds the whole row: the hash of the password too.
                form: Any = self.pydantic_model(**data)
                await execute_post_hooks(self._hook_map, HookType.pre_save, form, request)
            return _checked(await _post_single(self, request, data))
        except AlreadyWrittenError as written:
            return JSONResponse([{"id": written.row_id}], status_code=201)
        except OverflowError:
            raise RefusedError(422, "A time is out of range.") from None

    async def patch_single(
        self, request: Request, row_id: PK_TYPES, data: dict[str, Any]
    ) -> Response:
        """Change the fields that are named; the table's rules decide how."""
        request.state.row_version = data.pop(ROW_VERSION, None)
        self._check_names(data)
        key = self.table._meta.primary_key._meta.name
        if str(data.pop(key, row_id)) != str(row_id):
            raise FieldsRefusedError({key: "cannot be changed."})
        with suppress(AlreadyWrittenError):
            _checked(await _patch_single(self, request, row_id, data))
        # The browser part keeps the form open after a Save: it needs the new version.
        return await self.get_single(request, row_id)

    async def delete_single(self, request: Request, row_id: PK_TYPES) -> Response:
        """Delete a row, if the table's rules allow it."""
        try:
            return _checked(await _delete_single(self, request, row_id))
        except AlreadyWrittenError:
            return Response(status_code=204)

    def _check_names(self, data: dict[str, Any]) -> None:
        """Refuse what is no column: the library would take ``__class__`` for one."""
        names = {column._meta.name for column in self.table._meta.columns}
        if unknown := sorted(set(data) - names):
            raise FieldsRefusedError(
                {name[:100]: "is no column of this table." for name in unknown}
            )

    def _clean_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Leave values as they are: the library takes the text "null" for null."""
        return dict(data)

    # Queries

    def _split_params(self, params: dict[str, Any]) -> Params:
        """Read the parameters of a query; the library fails on unknown columns and large pages."""
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
        for order in split.order_by or ():
            self._check_column(order.column)
        for column in split.visible_fields or ():
            self._check_column(column)
        size = split.page_size or self.page_size
        if not 1 <= size <= self.max_page_size:
            raise ParamException(f"__page_size must be from 1 to {self.max_page_size}.")
        if split.page < 1 or split.page * size > LAST_ROW:
            raise ParamException(f"__page must be from 1 to {LAST_ROW // size}.")
        # It goes into a header.
        if not re.fullmatch(r"[A-Za-z0-9_ -]*", split.range_header_name):
            raise ParamException("__range_header_name holds other characters than a-z, 0-9, _, -.")
        return split

    def _check_column(self, column: Column) -> None:
        if column._meta.secret:
            # A list sorted by a secret tells it, one comparison at a time.
            raise ParamException(f"{column._meta.name} is secret.")

    def _apply_filters(self, query: Any, params: Params) -> Any:
        """Add the filters to a query.

        The library takes no notice of the operator on a text column (so "not equal"
        returned the equal rows), takes % and _ as wildcards, compares with the text
        'None' for null, and fails on JSON.
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

    def _hidden(self, request: Request) -> tuple[str, ...]:
        if request.user.user.superuser:
            return ()
        return SUPERUSERS_ONLY.get(self.table._meta.tablename, ())

    def _check_visible(self, request: Request) -> None:
        for name in self._hidden(request):
            for key, value in request.query_params.multi_items():
                if key.removesuffix("[]").split("__")[0] == name or name in re.split("[,-]", value):
                    raise RefusedError(403, f"Only superusers may see {name}.")

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


def _number(request: Request, name: str, *, default: int, least: int, most: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", value) or int(value) < least:
        raise ParamException(f"{name} must be a whole number, {least} or more.")
    return min(int(value), most)


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def _content_range(response: Response) -> dict[str, str]:
    return {k: v for k, v in response.headers.items() if k == "content-range"}


def _check_role(request: Request) -> None:
    if not request.user.user.superuser:
        raise RefusedError(403, READ_ONLY)


def _checked(response: Response) -> Response:
    """Return the library's answer if it is a success.

    Raises:
        RefusedError: it is none; so the transaction is rolled back.
    """
    if response.status_code < 400:
        return response
    text = bytes(response.body).decode()
    if response.status_code == 500:
        raise RefusedError(422, "The database cannot store one of the values.")
    raise RefusedError(422 if response.status_code == 400 else response.status_code, text)


_OURS = {"PiccoloCRUD": OperatorsCRUD, "InMemoryLimitProvider": LoginLimit}


@contextmanager
def our_classes() -> Iterator[None]:
    """Make sites that are built inside the block use ``OperatorsCRUD`` and ``LoginLimit``."""
    originals = {name: getattr(admin_endpoints, name) for name in _OURS}
    try:
        for name, ours in _OURS.items():
            setattr(admin_endpoints, name, ours)
        yield
    finally:
        for name, original in originals.items():
            setattr(admin_endpoints, name, original)
