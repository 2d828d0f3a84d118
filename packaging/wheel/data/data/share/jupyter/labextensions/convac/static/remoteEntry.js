// Colours for convac cells and .cac files in JupyterLab and Notebook 7.
//
// Made from grammar/highlight/codemirror.js.in and the language's own tables by
// `UPDATE_GOLDEN=1 cargo test --test highlight`; do not edit it by hand.
//
// This is a whole federated extension: Jupyter loads it as a script and asks the container below
// for the module "./extension". It needs no bundler, because it takes CodeMirror from Jupyter.
(function () {
  'use strict';

  const KEYWORDS = new Set(["and", "as", "div", "else", "for", "if", "import", "in", "let", "mod", "network", "not", "or", "then", "where"]);
  const CONSTANTS = new Set(["true", "false", "none"]);
  const LAYERS = new Set(["conv", "input", "output", "pool", "relu"]);
  const PARTITIONS = new Set(["blocks", "checkerboard", "complement", "interleaved", "left_right", "on", "random", "sites", "top_bottom"]);
  const BUILTINS = new Set(["abs", "accuracy", "all", "amplitude", "any", "ask", "assert", "bars", "batch", "best", "binomial", "blobs", "bound", "ceil", "clear", "code", "columns", "compare", "confidence", "confusion", "correlation", "correlation_cut", "correlations", "cos", "cross_entropy", "csv", "data_entropy", "dataset", "dead_width", "design", "deviation", "digits", "draw", "drop", "e", "entropy", "enumerate", "evaluate", "exp", "explain", "features", "filter", "fixed", "flatten", "floor", "flops", "gcd", "generate", "geometric", "global", "grid_rank", "group", "heatmap", "help", "idx", "images", "infinity", "information_map", "init", "inpaint", "int", "is_finite", "join", "keys", "len", "ln", "load", "local", "log10", "log2", "lower", "map", "max", "mean", "merge", "min", "min_cut", "model", "mutual_information", "name", "negativity", "norm", "normalize", "npy", "npz", "only", "pairwise_information", "params", "pi", "plan", "plot", "predict", "print", "product", "profile", "range", "rank", "real", "rearrange", "reduce", "reduced", "replace", "represent", "resize", "reverse", "round", "rust_fn", "sample", "save", "schmidt", "sensitivity", "show", "shuffle", "sin", "sort", "split", "sqrt", "starts_with", "string", "stripes", "suggest", "sum", "sweep", "take", "tan", "tensor", "train", "trim", "type_of", "unique", "upper", "values", "version", "warn", "weights", "worst", "zip"]);
  const OPERATOR = /^(\.\.<|\.\.|\|>|->|==|!=|<=|>=|[→≠≤≥∈·+\-*\/^<>=.:])/u;
  const WORD = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}₀-₉]*/u;
  const NUMBER = /^(\d+(x\d+)+|\d[\d_]*(\.\d[\d_]*)?([eE][+-]?\d+)?)/;

  function word(text) {
    if (KEYWORDS.has(text)) return 'keyword';
    if (CONSTANTS.has(text)) return 'atom';
    if (LAYERS.has(text)) return 'typeName';
    if (PARTITIONS.has(text)) return 'className';
    if (BUILTINS.has(text)) return 'variableName.standard';
    return 'variableName';
  }

  // A string holds expressions in braces, which hold strings: `open` is the stack of what is open,
  // '"' for a string and the number of open braces for a hole.
  function inString(stream, state) {
    while (!stream.eol()) {
      const next = stream.next();
      if (next === '\\') {
        if (stream.peek() === 'u') stream.match(/^u\{[0-9a-fA-F]*\}/) || stream.next();
        else stream.next();
      } else if (next === '"') {
        state.open.pop();
        break;
      } else if (next === '{') {
        state.open.push(0);
        break;
      }
    }
    return 'string';
  }

  function token(stream, state) {
    const top = state.open[state.open.length - 1];
    if (top === '"') return inString(stream, state);
    if (stream.sol() && state.open.length === 0 && state.depth === 0) {
      if (stream.match(/^\s*%%?[A-Za-z]*/) || stream.match(/^\s*\?\??/)) return 'meta';
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^##.*/)) return 'docComment';
    if (stream.match(/^#.*/)) return 'lineComment';
    if (stream.match('"')) {
      state.open.push('"');
      return inString(stream, state);
    }
    if (stream.match(NUMBER)) return 'number';
    const found = stream.match(WORD);
    if (found) {
      const before = stream.string.slice(0, stream.start);
      return /(^|[^.])\.\s*$/.test(before) ? 'propertyName' : word(found[0]);
    }
    if (stream.match(OPERATOR)) return 'operator';
    const sign = stream.next();
    if ('([{'.includes(sign)) {
      if (sign === '{' && typeof top === 'number') state.open[state.open.length - 1] += 1;
      state.depth += 1;
      return 'bracket';
    }
    if (')]}'.includes(sign)) {
      if (sign === '}' && top === 0) {
        state.open.pop();
        return 'string';
      }
      if (sign === '}' && typeof top === 'number') state.open[state.open.length - 1] -= 1;
      state.depth = Math.max(0, state.depth - 1);
      return 'bracket';
    }
    return sign === ',' || sign === ';' ? 'punctuation' : null;
  }

  const mode = {
    name: 'convac',
    startState: () => ({ open: [], depth: 0 }),
    copyState: state => ({ open: state.open.slice(), depth: state.depth }),
    token,
    indent(state, textAfter, context) {
      const closes = /^\s*[)\]}]/.test(textAfter) ? 1 : 0;
      return Math.max(0, state.depth - closes) * context.unit;
    },
    languageData: {
      commentTokens: { line: '#' },
      closeBrackets: { brackets: ['(', '[', '{', '"'] },
      indentOnInput: /^\s*[)\]}]$/
    }
  };

  let shared = null;

  // A package of Jupyter's own; there is one version of each.
  async function take(name) {
    const versions = shared && shared[name];
    if (!versions) throw new Error(`convac: this Jupyter does not share ${name}`);
    const [version] = Object.keys(versions);
    return (await versions[version].get())();
  }

  async function extension() {
    const [{ IEditorLanguageRegistry }, { LanguageSupport, StreamLanguage }] = await Promise.all([
      take('@jupyterlab/codemirror'),
      take('@codemirror/language')
    ]);
    const colours = {
      id: 'convac:highlight',
      description: 'Colours for convac.',
      autoStart: true,
      requires: [IEditorLanguageRegistry],
      activate(app, languages) {
        if (languages.findByName('convac')) return;
        languages.addLanguage({
          name: 'convac',
          displayName: 'ConvAC',
          mime: 'text/x-convac',
          extensions: ['cac'],
          support: new LanguageSupport(StreamLanguage.define(mode))
        });
        // Files of programs open in an editor of this language.
        app.docRegistry.addFileType({
          name: 'convac',
          displayName: 'ConvAC program',
          extensions: ['.cac'],
          mimeTypes: ['text/x-convac'],
          contentType: 'file',
          fileFormat: 'text'
        });
      }
    };
    return () => ({ __esModule: true, default: [colours] });
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB['convac'] = {
    init(scope) {
      shared = scope;
    },
    get(module) {
      if (module === './extension') return extension();
      return Promise.reject(new Error(`convac: there is no module ${module}`));
    }
  };
})();
