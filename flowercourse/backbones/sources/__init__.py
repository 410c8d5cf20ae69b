"""Where weights come from: one module a source; `flowercourse.backbones.source` says what each must do."""
