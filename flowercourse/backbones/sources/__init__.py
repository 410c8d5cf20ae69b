"""Where weights come from: one module a source; `flowercourse.backbones.interface` says what each must do."""
