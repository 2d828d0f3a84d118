"""The standard test of kernels, with every attribute set."""

import jupyter_kernel_test


class ConvacTests(jupyter_kernel_test.KernelTests):
    kernel_name = "convac"
    language_name = "convac"
    file_extension = ".cac"
    code_hello_world = 'print("hello, world")'
    code_stderr = 'warn("look out")'
    completion_samples = [
        {"text": "min_c", "matches": {"min_cut"}},
        {"text": "conv(4, shar", "matches": {"sharing = "}},
    ]
    complete_code_samples = [
        "1",
        'print("hello, world")',
        "let f(x) = x + 1",
        "network {\n  input(4, dim = 2)\n  output(1)\n}",
        "[1, 2,\n 3]",
        "# only a comment",
        "?min_cut",
    ]
    incomplete_code_samples = ["let f(x) =", "network {", "[1, 2", "1 +", "x where"]
    invalid_code_samples = ["let = 3", "1 + ) 2", "f(x]]"]
    code_page_something = "?min_cut"
    code_generate_error = "min_cut(1, 2)"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "let n = 4\nn ^ 2", "result": "16"},
        {"code": "[1, 2] |> sum", "result": "3"},
        {"code": "[{r, b: r ^ 2} for r in 1..3]", "mime": "text/html"},
    ]
    code_display_data = [
        {"code": 'show(plot([1, 4, 9]))', "mime": "image/svg+xml"},
        {"code": 'show(plot([1, 4, 9]))', "mime": "image/png"},
        {"code": "show([{a: 1, b: 2}])", "mime": "text/html"},
    ]
    code_history_pattern = "6 ?*7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "min_cut"
    code_clear_output = "print(1)\nclear()"


class ConvacWelcomeTests(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "convac"
    support_iopub_welcome = True


