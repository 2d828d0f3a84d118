"""Colours for convac in Pygments: nbconvert, Sphinx, terminals.

Made from grammar/highlight/pygments.py.in and the language's own tables by
`UPDATE_GOLDEN=1 cargo test --test highlight`; do not edit it by hand.
"""

from pygments.lexer import RegexLexer, words
from pygments.token import (
    Comment, Keyword, Name, Number, Operator, Punctuation, String, Text, Whitespace,
)

__all__ = ["ConvacLexer"]

_KEYWORDS = tuple(["and", "as", "div", "else", "for", "if", "import", "in", "let", "mod", "network", "not", "or", "then", "where"])
_CONSTANTS = tuple(["true", "false", "none"])
_LAYERS = tuple(["conv", "input", "output", "pool", "relu"])
_PARTITIONS = tuple(["blocks", "checkerboard", "complement", "interleaved", "left_right", "on", "random", "sites", "top_bottom"])
_BUILTINS = tuple(["abs", "accuracy", "all", "amplitude", "any", "ask", "assert", "bars", "batch", "best", "binomial", "blobs", "bound", "ceil", "clear", "code", "columns", "compare", "confidence", "confusion", "correlation", "correlation_cut", "correlations", "cos", "cross_entropy", "csv", "data_entropy", "dataset", "dead_width", "design", "deviation", "digits", "draw", "drop", "e", "entropy", "enumerate", "evaluate", "exp", "explain", "features", "filter", "fixed", "flatten", "floor", "flops", "gcd", "generate", "geometric", "global", "grid_rank", "group", "heatmap", "help", "idx", "images", "infinity", "information_map", "init", "inpaint", "int", "is_finite", "join", "keys", "len", "ln", "load", "local", "log10", "log2", "lower", "map", "max", "mean", "merge", "min", "min_cut", "model", "mutual_information", "name", "negativity", "norm", "normalize", "npy", "npz", "only", "pairwise_information", "params", "pi", "plan", "plot", "predict", "print", "product", "profile", "range", "rank", "real", "rearrange", "reduce", "reduced", "replace", "represent", "resize", "reverse", "round", "rust_fn", "sample", "save", "schmidt", "sensitivity", "show", "shuffle", "sin", "sort", "split", "sqrt", "starts_with", "string", "stripes", "suggest", "sum", "sweep", "take", "tan", "tensor", "train", "trim", "type_of", "unique", "upper", "values", "version", "warn", "weights", "worst", "zip"])

# Letters as Python's `\w` knows them; names may hold subscript digits.
_END = r"(?![\w₀-₉])"


class ConvacLexer(RegexLexer):
    """The language of convac programs."""

    name = "ConvAC"
    url = "https://arxiv.org/abs/1704.01552"
    aliases = ["convac", "cac"]
    filenames = ["*.cac"]
    mimetypes = ["text/x-convac"]
    version_added = ""

    _expression = [
        (r"\s+", Whitespace),
        (r"##.*", String.Doc),
        (r"#.*", Comment.Single),
        (r'"', String, "string"),
        (r"\d+(?:x\d+)+", Number),
        (r"\d[\d_]*\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*[eE][+-]?\d+", Number.Float),
        (r"\d[\d_]*", Number.Integer),
        (r"(?<=[^.]\.)[^\W\d][\w₀-₉]*", Name.Attribute),
        (words(_KEYWORDS, suffix=_END), Keyword),
        (words(_CONSTANTS, suffix=_END), Keyword.Constant),
        (words(_LAYERS, suffix=_END), Name.Class),
        (words(_PARTITIONS, suffix=_END), Name.Constant),
        (words(_BUILTINS, suffix=_END), Name.Builtin),
        (r"[^\W\d][\w₀-₉]*", Name),
        (r"\.\.<|\.\.|\|>|->|==|!=|<=|>=|[→≠≤≥∈·+\-*/^<>=.:]", Operator),
        (r"[\[\](),;]", Punctuation),
    ]

    tokens = {
        "root": [
            (r"^\s*%%?[A-Za-z]*", Comment.Preproc),
            (r"^\s*\?\??", Comment.Preproc),
            (r"[{}]", Punctuation),
            *_expression,
            (r".", Text),
        ],
        "string": [
            (r'"', String, "#pop"),
            (r"\\u\{[0-9a-fA-F]*\}|\\.", String.Escape),
            (r"\{", String.Interpol, "hole"),
            (r'[^"\\{]+', String),
        ],
        "hole": [
            (r"\}", String.Interpol, "#pop"),
            (r"\{", Punctuation, "braces"),
            *_expression,
        ],
        "braces": [
            (r"\}", Punctuation, "#pop"),
            (r"\{", Punctuation, "#push"),
            *_expression,
        ],
    }
