import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/.*/", "build/", "dist/", "demo/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-lines": ["error", 299],
      "max-params": ["error", 5],
      "no-shadow": "error",
      "no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      "no-use-before-define": ["error", { functions: false, variables: false }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["web/static/**/*.js"],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ["tests/page/**/*.js", "eslint.config.js"],
    languageOptions: { globals: globals.node },
  },
];
