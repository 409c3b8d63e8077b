"""Texts and outputs that look for trouble."""

from __future__ import annotations

from hypothesis import strategies as st

_MARKUP = "*_`[]()<>!&;#-+=:|~\\/ \n\t.1aB@${}\"'^"
_FRAGMENTS = (
    "&amp;", "<br>", "](javascript:x)", "~~~", "```", "**", "1. ", "---", "<!--", "\\|", "#import",
    "https://a.example/b_c", "مرحبا", "你好", "👩‍🍳",
    "\u202e", "\x00", "\r\n", "\n\n", "    ",
)  # fmt: skip

texts = st.one_of(
    st.text(st.sampled_from(_MARKUP), max_size=30),
    st.lists(st.one_of(st.sampled_from(_FRAGMENTS), st.text(max_size=4)), max_size=8).map("".join),
    st.text(max_size=200),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
keys = st.one_of(
    st.sampled_from(
        ["name", "title", "summary", "messages", "problem_statement", "aKey", "", "id"]
    ),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(keys, inner, max_size=5),
        st.lists(st.fixed_dictionaries({"name": texts, "value": scalars}), max_size=4),
    ),
    max_leaves=25,
)
outputs = st.dictionaries(keys, values, max_size=6)
