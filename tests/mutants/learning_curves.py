"""Exercise 4: wrong solutions that people write about learning curves, and right ones written differently."""

from __future__ import annotations

from tests.mutants import Mutant, Variant

MUTANTS = [
    # --- plot_curves
    Mutant(
        "validation drawn from the training values",
        cell="plot_curves",
        change={'run["val_" + measure]': "run[measure]"},
        loses={"curves_are_drawn"},
    ),
    Mutant(
        "epochs counted from 0",
        cell="plot_curves",
        change={"np.arange(1, len(run[measure]) + 1)": "np.arange(len(run[measure]))"},
        loses={"curves_are_drawn": 1},
    ),
    Mutant("no legend", cell="plot_curves", change={"        ax.legend()\n": ""}, loses={"curves_are_drawn": 1}),
    Mutant(
        "a legend that takes one line for the other",
        cell="plot_curves",
        change={"ax.legend()": 'ax.legend(["validation", "training"])'},
        loses={"curves_are_drawn": 1},
    ),
    Mutant(
        "told apart by color alone",
        cell="plot_curves",
        change={'"o-"': '"-"', '"s--"': '"-"'},
        loses={"curves_are_drawn": 1},
    ),
    Mutant(
        "the same dashes for both",
        cell="plot_curves",
        change={'"o-"': "linestyle=(0, (4, 2))", '"s--"': "linestyle=(0, (4, 2))"},
        loses={"curves_are_drawn": 1},
    ),
    Mutant("white on white", cell="plot_curves", change={'"s--"': '"s--", color="white"'}, loses={"curves_are_drawn"}),
    Mutant("transparent", cell="plot_curves", change={'"s--"': '"s--", alpha=0.01'}, loses={"curves_are_drawn"}),
    Mutant("not drawn", cell="plot_curves", change={'"s--"': '"s--", visible=False'}, loses={"curves_are_drawn"}),
    Mutant(
        "of no width",
        cell="plot_curves",
        change={'"o-"': '"-", linewidth=0', '"s--"': '"--", linewidth=0'},
        loses={"curves_are_drawn"},
    ),
    Mutant(
        "outside of the axes",
        cell="plot_curves",
        change={"        ax.legend()": "        ax.set_ylim(50, 60)\n        ax.legend()"},
        loses={"curves_are_drawn"},
    ),
    Mutant(
        "without axes, so without labels",
        cell="plot_curves",
        change={"        ax.legend()": "        ax.axis('off')\n        ax.legend()"},
        loses={"curves_are_drawn": 1},
    ),
    Mutant(
        "labels swapped",
        cell="plot_curves",
        change={
            '"o-", label="training"': '"o-", label="validation"',
            '"s--", label="validation"': '"s--", label="training"',
        },
        loses={"curves_are_drawn": 1},
    ),
    Mutant(
        "a figure that draws nothing",
        cell="plot_curves",
        source="""
        from matplotlib.figure import Figure

        class Pretended(Figure):
            def draw(self, renderer):
                pass

        def plot_curves(run):
            figure = plt.figure(FigureClass=Pretended)
            for ax, measure in zip(figure.subplots(1, 2), ["accuracy", "loss"]):
                epochs = range(1, len(run[measure]) + 1)
                ax.plot(epochs, run[measure], "o-", label="training")
                ax.plot(epochs, run["val_" + measure], "s--", label="validation")
                ax.set(xlabel="epoch", ylabel=measure)
                ax.legend()
            return figure
        """,
        loses={"curves_are_drawn"},
    ),
    Mutant(
        "no figure, but something like it",
        cell="plot_curves",
        source="""
        from types import SimpleNamespace

        def plot_curves(run):
            figure, axes = plt.subplots(1, 2)
            for ax, measure in zip(axes, ["accuracy", "loss"]):
                epochs = range(1, len(run[measure]) + 1)
                ax.plot(epochs, run[measure], "o-", label="training")
                ax.plot(epochs, run["val_" + measure], "s--", label="validation")
                ax.set(xlabel="epoch", ylabel=measure)
                ax.legend()
            canvas = SimpleNamespace(draw=lambda: None)
            size = figure.get_size_inches
            return SimpleNamespace(axes=list(axes), canvas=canvas, savefig=print, get_size_inches=size)
        """,
        loses={"curves_are_drawn"},
    ),
    Mutant(
        "loss first, accuracy second",
        cell="plot_curves",
        change={'["accuracy", "loss"]': '["loss", "accuracy"]'},
        loses={"curves_are_drawn"},
    ),
    Mutant(
        "the y-axes' labels swapped",
        cell="plot_curves",
        change={"ylabel=measure": 'ylabel="loss" if measure == "accuracy" else "accuracy"'},
        loses={"curves_are_drawn": 1},
    ),
    Mutant(
        "told apart by markers of no size",
        cell="plot_curves",
        change={'"o-"': '"o-", markersize=0', '"s--"': '"s-", markersize=0'},
        loses={"curves_are_drawn": 1},
    ),
    Mutant(
        "validation drawn once more, one epoch too late",
        cell="plot_curves",
        change={"ax.legend()": 'ax.plot(epochs + 1, run["val_" + measure], label="validation"); ax.legend()'},
        loses={"curves_are_drawn": 1},
    ),
    # --- by_eye
    Mutant(
        "still improving taken for underfitting, and the other way round",
        cell="by_eye",
        change={'"B": "still improving"': '"B": "underfitting"', '"E": "underfitting"': '"E": "still improving"'},
        loses={"runs_are_told_apart": 1},
    ),
    Mutant(
        "overfitting taken for a good fit, and the other way round",
        cell="by_eye",
        change={'"A": "overfitting"': '"A": "good fit"', '"F": "good fit"': '"F": "overfitting"'},
        loses={"runs_are_told_apart": 1},
    ),
    Mutant(
        "validation above training taken for a good fit",
        cell="by_eye",
        change={'"suspicious validation"': '"good fit"'},
        loses={"runs_are_told_apart": 1},
    ),
    Mutant(
        "three runs taken for one another",
        cell="by_eye",
        change={'"A": "overf': '"B": "overf', '"B": "still': '"C": "still', '"C": "susp': '"A": "susp'},
        loses={"runs_are_told_apart"},
    ),
    Mutant(
        "in capitals",
        cell="by_eye",
        change={'"good fit"': '"Good fit"'},
        loses={"runs_are_told_apart"},
    ),
    Mutant(
        "the two in the middle swapped",
        cell="by_eye",
        change={'"D": "unstable"': '"D": "underfitting"', '"E": "underfitting"': '"E": "unstable"'},
        loses={"runs_are_told_apart": 1},
    ),
    # --- accuracy_gap
    Mutant(
        "validation minus training",
        cell="accuracy_gap",
        change={'np.array(run["accuracy"]) - ': '-np.array(run["accuracy"]) + '},
        loses={"gap_is_measured": 1, "runs_are_diagnosed": 2},
    ),
    Mutant(
        "distance without a sign",
        cell="accuracy_gap",
        change={
            'return np.array(run["accuracy"]) - ': 'return abs(np.array(run["accuracy"]) - ',
            'np.array(run["val_accuracy"])': 'np.array(run["val_accuracy"]))',
        },
        loses={"gap_is_measured": 1, "runs_are_diagnosed": 1},
    ),
    Mutant(
        "only the last epoch",
        cell="accuracy_gap",
        source="""
        def accuracy_gap(run):
            return np.array(run["accuracy"][-1:]) - np.array(run["val_accuracy"][-1:])
        """,
        loses={"gap_is_measured": 1, "runs_are_diagnosed": 1},
    ),
    # --- best_epoch
    Mutant("counted from 0", cell="best_epoch", change={" + 1": ""}, loses={"best_epoch_is_found"}),
    Mutant(
        "highest validation accuracy",
        cell="best_epoch",
        change={'np.argmin(run["val_loss"])': 'np.argmax(run["val_accuracy"])'},
        loses={"best_epoch_is_found"},
    ),
    Mutant(
        "an array with the epoch",
        cell="best_epoch",
        change={'int(np.argmin(run["val_loss"]))': 'np.where(np.array(run["val_loss"]) == min(run["val_loss"]))[0]'},
        loses={"best_epoch_is_found"},
    ),
    Mutant("lowest training loss", cell="best_epoch", change={'"val_loss"': '"loss"'}, loses={"best_epoch_is_found"}),
    Mutant(
        "the last of several lowest",
        cell="best_epoch",
        source="""
        def best_epoch(run):
            losses = np.array(run["val_loss"])
            return int(np.flatnonzero(losses == losses.min())[-1]) + 1
        """,
        loses={"best_epoch_is_found"},
    ),
    # --- epochs_until_stop
    Mutant(
        "compared with the epoch before, not with the lowest",
        cell="epochs_until_stop",
        change={"lowest = min(lowest, loss)": "lowest = loss"},
        loses={"stopping_is_predicted": 2},
    ),
    Mutant(
        "never forgets how long it waited",
        cell="epochs_until_stop",
        change={"waited = 0 if loss < lowest else waited + 1": "waited += not loss < lowest"},
        loses={"stopping_is_predicted"},
    ),
    Mutant(
        "waits one epoch too long",
        cell="epochs_until_stop",
        change={"waited == patience": "waited > patience"},
        loses={"stopping_is_predicted": 2},
    ),
    Mutant(
        "takes an equal loss for an improvement",
        cell="epochs_until_stop",
        change={"loss < lowest": "loss <= lowest"},
        loses={"stopping_is_predicted": 2},
    ),
    Mutant(
        "the best epoch instead of the last trained",
        cell="epochs_until_stop",
        change={"return epoch\n": "return epoch - patience\n"},
        loses={"stopping_is_predicted": 2},
    ),
    Mutant(
        "counted from 0 where it stops",
        cell="epochs_until_stop",
        change={"return epoch\n": "return epoch - 1\n"},
        loses={"stopping_is_predicted": 2},
    ),
    Mutant(
        "nothing returned where it never stops",
        cell="epochs_until_stop",
        change={"    return len(val_losses)": ""},
        loses={"stopping_is_predicted": 1},
    ),
    Mutant(
        "takes a small improvement for none",
        cell="epochs_until_stop",
        change={"loss < lowest else": "loss < lowest - 0.001 else"},
        loses={"stopping_is_predicted": 1},
    ),
    # --- train_with_patience
    Mutant(
        "no callback",
        cell="train_with_patience",
        change={"callbacks=[stop], ": ""},
        loses={"training_stops_in_time": 1, "best_weights_are_kept": 2},
    ),
    Mutant(
        "weights of the last epoch",
        cell="train_with_patience",
        change={", restore_best_weights=True": ""},
        loses={"best_weights_are_kept"},
    ),
    Mutant(
        "watches the training loss",
        cell="train_with_patience",
        change={'monitor="val_loss"': 'monitor="loss"'},
        loses={"training_stops_in_time": 1, "best_weights_are_kept": 2},
    ),
    Mutant(
        "patience of its own",
        cell="train_with_patience",
        change={"patience=patience": "patience=8"},
        loses={"training_stops_in_time": 1},
    ),
    Mutant(
        "max_epochs ignored",
        cell="train_with_patience",
        change={"epochs=max_epochs": "epochs=60"},
        loses={"training_stops_in_time": 1},
    ),
    Mutant(
        "validated on the training part",
        cell="train_with_patience",
        change={"validation_data=validation": "validation_data=training"},
        loses={"training_stops_in_time": 2, "best_weights_are_kept": 2, "two_runs_are_kept": 2},
    ),
    Mutant(
        "learning rate ignored",
        cell="train_with_patience",
        change={", 5, learning_rate)": ", 5)"},
        loses={"training_stops_in_time": 1},
    ),
    Mutant(
        "the dictionary in what fit returns",
        cell="train_with_patience",
        change={"verbose=0)": "verbose=0).history"},
        loses={"training_stops_in_time", "best_weights_are_kept", "two_runs_are_kept"},
    ),
    Mutant(
        "nothing trained, losses made up",
        cell="train_with_patience",
        source="""
        def train_with_patience(training, validation, patience, max_epochs, learning_rate=0.001):
            losses = [3.0, 2.0, 1.0] + [1.5] * patience
            return {"val_loss": losses[:max_epochs], "loss": losses[:max_epochs]}
        """,
        loses={"training_stops_in_time", "best_weights_are_kept", "two_runs_are_kept"},
    ),
    Mutant(
        "losses made up for a head that was never trained",
        cell="train_with_patience",
        source="""
        def train_with_patience(training, validation, patience, max_epochs, learning_rate=0.001):
            head = build_head(training[0].shape[1], 5, learning_rate)
            recorded = keras.callbacks.History()
            recorded.model = head
            loss = head.evaluate(*validation, verbose=0)[0]
            losses = ([loss + 0.2, loss] + [loss + 0.1] * patience)[:max_epochs]
            recorded.history = {"val_loss": losses, "accuracy": [0.5] * len(losses)}
            return recorded
        """,
        loses={"training_stops_in_time": 2, "best_weights_are_kept": 2, "two_runs_are_kept": 2},
    ),
    Mutant(
        "losses of no accuracy, and accuracies of no number of pictures",
        cell="two_runs",
        source="""
        few = (training[0][:40], training[1][:40])
        few_history = train_with_patience(few, validation, patience=3, max_epochs=30)
        many_history = train_with_patience(training, validation, patience=3, max_epochs=30)
        for run in (few_history, many_history):
            found = run.history["val_accuracy"]
            run.history["val_accuracy"] = [0.98765] * (len(found) - 1) + found[-1:]
        """,
        loses={"two_runs_are_kept"},
    ),
    Mutant(
        "returns the model",
        cell="train_with_patience",
        change={"return head.fit": "head.fit", "verbose=0)": "verbose=0)\n    return head"},
        loses={"training_stops_in_time", "best_weights_are_kept", "two_runs_are_kept"},
    ),
    Mutant(
        "takes a small improvement for none, too",
        cell="train_with_patience",
        change={"patience=patience,": "patience=patience, min_delta=0.001,"},
        loses={"training_stops_in_time": 1},
    ),
    Mutant(
        "all in one batch, and another usual learning rate",
        cell="train_with_patience",
        change={"batch_size=32": "batch_size=len(x)", "learning_rate=0.001": "learning_rate=0.01"},
        loses={"training_stops_in_time": 1, "two_runs_are_kept": 2},
    ),
    # --- two_runs
    Mutant(
        "one name for both runs",
        cell="two_runs",
        source="""
        few = (training[0][:40], training[1][:40])
        few_history = many_history = train_with_patience(few, validation, patience=3, max_epochs=30)
        few_history = many_history = train_with_patience(training, validation, patience=3, max_epochs=30)
        """,
        loses={"two_runs_are_kept"},
    ),
    Mutant(
        "400 examples instead of 40",
        cell="two_runs",
        change={"few = (training[0][:40], training[1][:40])": "few = (training[0][:400], training[1][:400])"},
        loses={"two_runs_are_kept": 1},
    ),
    Mutant(
        "the last 40 examples",
        cell="two_runs",
        change={"few = (training[0][:40], training[1][:40])": "few = (training[0][-40:], training[1][-40:])"},
        loses={"two_runs_are_kept": 1},
    ),
    Mutant(
        "the first 40 for both",
        cell="two_runs",
        change={"train_with_patience(training,": "train_with_patience(few,"},
        loses={"two_runs_are_kept": 1},
    ),
    Mutant(
        "eight epochs at most",
        cell="two_runs",
        change={"(few, validation, patience=3, max_epochs=30": "(few, validation, patience=3, max_epochs=8"},
        loses={"two_runs_are_kept": 1},
    ),
    Mutant(
        "a third of the examples for all of them",
        cell="two_runs",
        change={"train_with_patience(training,": "train_with_patience((training[0][::3], training[1][::3]),"},
        loses={"two_runs_are_kept": 1},
    ),
    # --- diagnose
    Mutant(
        "overfitting asked before the others",
        cell="diagnose",
        change={
            "    if not np.isfinite(": "    if gap[-1] > 0.1 or val_loss[-1] > 1.1 * val_loss.min():\n"
            '        return "overfitting"\n    if not np.isfinite('
        },
        loses={"runs_are_diagnosed": 2},
    ),
    Mutant(
        "NaN not noticed",
        cell="diagnose",
        change={"not np.isfinite([loss, val_loss]).all() or ": ""},
        loses={"runs_are_diagnosed": 1},
    ),
    Mutant(
        "suspicious where validation was ever better",
        cell="diagnose",
        change={"(gap < -0.02).all()": "(gap < -0.01).any()"},
        loses={"runs_are_diagnosed": 4},
    ),
    Mutant(
        "compares the last loss with the first",
        cell="diagnose",
        change={"0.98 * val_loss[-2]": "0.98 * val_loss[0]", " and val_loss[-1] < val_loss[:-1].min()": ""},
        loses={"runs_are_diagnosed": 3},
    ),
    Mutant(
        "underfitting judged by validation",
        cell="diagnose",
        change={'run["accuracy"][-1] < 0.75': 'run["val_accuracy"][-1] < 0.85'},
        loses={"runs_are_diagnosed": 2},
    ),
    Mutant(
        "overfitting by the gap alone",
        cell="diagnose",
        change={" or val_loss[-1] > 1.1 * val_loss.min()": ""},
        loses={"runs_are_diagnosed": 1},
    ),
    Mutant(
        "a jump of the validation loss is unstable too",
        cell="diagnose",
        change={"(loss[1:] > 1.2 * loss[:-1]).any()": "any((a[1:] > 1.2 * a[:-1]).any() for a in (loss, val_loss))"},
        loses={"runs_are_diagnosed": 1},
    ),
    Mutant(
        "suspicious by the last epoch",
        cell="diagnose",
        change={"(gap < -0.02).all()": "gap[-1] < -0.02"},
        loses={"runs_are_diagnosed": 1},
    ),
    Mutant(
        "suspicious by the mean",
        cell="diagnose",
        change={"(gap < -0.02).all()": "gap.mean() < -0.02"},
        loses={"runs_are_diagnosed": 1},
    ),
    Mutant(
        "overfitting by the widest gap",
        cell="diagnose",
        change={"gap[-1] > 0.1": "gap.max() > 0.1"},
        loses={"runs_are_diagnosed": 1},
    ),
    Mutant(
        "everything is fine",
        cell="diagnose",
        source="diagnose = lambda run: 'good fit'",
        loses={"runs_are_diagnosed": 3},
    ),
    Mutant(
        "all limits a little off",
        cell="diagnose",
        change={
            "1.2 *": "1.25 *",
            "-0.02": "0",
            "0.98 *": "0.99 *",
            "< 0.75": "< 0.78",
            "> 0.1 ": "> 0.12 ",
            "1.1 *": "1.15 *",
        },
        loses={"runs_are_diagnosed"},
    ),
    Mutant(
        "needs three epochs",
        cell="diagnose",
        change={"val_loss[-1] < 0.98 * val_loss[-2]": "val_loss[-1] < 0.98 * val_loss[-2] < val_loss[-3]"},
        loses={"runs_are_diagnosed": 1},
    ),
]

VARIANTS = [
    Variant(
        "two patterns of dashes, axes returned",
        cell="plot_curves",
        source="""
        def plot_curves(run):
            _, axes = plt.subplots(1, 2)
            for ax, name in zip(axes, ["accuracy", "loss"]):
                xs = range(1, len(run[name]) + 1)
                ax.plot(xs, run[name], linestyle=(0, (1, 1)), label="training")
                ax.plot(xs, run["val_" + name], dashes=[6, 2], label="validation")
                ax.set(xlabel="epoch", ylabel=name)
                ax.legend()
            return axes
        """,
    ),
    Variant(
        "named by the legend alone",
        cell="plot_curves",
        source="""
        def plot_curves(run):
            fig = plt.figure(figsize=(12, 4))
            epochs = range(1, len(run["accuracy"]) + 1)
            for place, name in ((121, "accuracy"), (122, "loss")):
                plt.subplot(place)
                plt.plot(epochs, run[name], "o-", epochs, run[f"val_{name}"], "s--")
                plt.title("model " + name)
                plt.ylabel(name)
                plt.xlabel("epoch")
                plt.legend(["training", "validation"], loc="upper left")
            plt.show()
            return fig
        """,
    ),
    Variant(
        "shown, nothing returned",
        cell="plot_curves",
        source="""
        def plot_curves(run):
            plt.figure(figsize=(5, 8))
            for place, name in enumerate(["accuracy", "loss"], start=1):
                ax = plt.subplot(2, 1, place)
                xs = np.arange(1, len(run[name]) + 1)
                ax.plot(xs, run[name], color="C0", marker="^", label=f"training {name}")
                ax.plot(xs, run["val_" + name], color="C1", marker="v", label=f"validation {name}")
                ax.set_xlabel("epochs")
                ax.set_ylabel(f"value of the {name}")
                ax.legend(loc="upper left", fontsize=8)
            plt.show()
        """,
    ),
    Variant(
        "with pyplot's state and plain lists",
        cell="plot_curves",
        source="""
        def plot_curves(run):
            fig = plt.figure(figsize=(10, 4))
            for place, name in ((1, "accuracy"), (2, "loss")):
                plt.subplot(1, 2, place)
                xs = list(range(1, len(run["loss"]) + 1))
                plt.plot(xs, run[name], color="black", linestyle="-", label="Training " + name)
                plt.plot(xs, run["val_" + name], color="black", linestyle=":", label="Validation " + name)
                plt.xlabel("Epoch")
                plt.ylabel(name.title())
                plt.legend(loc="best")
                plt.grid(True)
            fig.tight_layout()
            return fig
        """,
    ),
    Variant(
        "built with dict and zip",
        cell="by_eye",
        source="""
        by_eye = dict(zip("FEDCBA", ["good fit", "underfitting", "unstable", "suspicious validation",
                                     "still improving", "overfitting"]))
        """,
    ),
    Variant(
        "a list comprehension",
        cell="accuracy_gap",
        source="""
        def accuracy_gap(run):
            return np.asarray([t - v for t, v in zip(run["accuracy"], run["val_accuracy"])])
        """,
    ),
    Variant(
        "with list.index",
        cell="best_epoch",
        source="""
        def best_epoch(run):
            losses = list(run["val_loss"])
            return losses.index(min(losses)) + 1
        """,
    ),
    Variant(
        "remembers the best epoch instead of counting",
        cell="epochs_until_stop",
        source="""
        def epochs_until_stop(val_losses, patience):
            best = 0
            for i, loss in enumerate(val_losses):
                if i == 0 or loss < val_losses[best]:
                    best = i
                elif i - best >= patience:
                    return i + 1
            return len(val_losses)
        """,
    ),
    Variant(
        "an own callback that keeps the best weights",
        cell="train_with_patience",
        source="""
        class Patience(keras.callbacks.Callback):
            def __init__(self, patience):
                super().__init__()
                self.patience, self.losses, self.weights = patience, [], None

            def on_epoch_end(self, epoch, logs=None):
                self.losses.append(logs["val_loss"])
                if int(np.argmin(self.losses)) == epoch:
                    self.weights = self.model.get_weights()
                if epochs_until_stop(self.losses + [0.0], self.patience) == len(self.losses):
                    self.model.stop_training = True

            def on_train_end(self, logs=None):
                self.model.set_weights(self.weights)

        def train_with_patience(training, validation, patience, max_epochs, learning_rate=0.001):
            head = build_head(np.shape(training[0])[-1], 5, learning_rate=learning_rate)
            x, y = map(np.asarray, training)
            return head.fit(x, y, batch_size=32, epochs=max_epochs, validation_data=(validation[0], validation[1]),
                            callbacks=[Patience(patience)], verbose=0)
        """,
    ),
    Variant(
        "slices first, in a loop",
        cell="two_runs",
        source="""
        histories = {}
        for count in (40, len(training[1])):
            part = tuple(np.array(values[:count]) for values in training)
            histories[count] = train_with_patience(part, validation, 3, 30)
        few_history, many_history = histories.values()
        """,
    ),
    Variant(
        "plain Python, one loop at a time",
        cell="diagnose",
        source="""
        def diagnose(run):
            pairs = list(zip(run["accuracy"], run["val_accuracy"]))
            if not all(math.isfinite(v) for v in run["loss"] + run["val_loss"]):
                return "unstable"
            if any(b / a > 1.2 for a, b in zip(run["loss"], run["loss"][1:])):
                return "unstable"
            if min(v - t for t, v in pairs) > 0.02:
                return "suspicious validation"
            *before, last = run["val_loss"]
            if last / before[-1] < 0.98 and last < min(before):
                return "still improving"
            training, validation = pairs[-1]
            if training < 0.75:
                return "underfitting"
            rising = last / min(run["val_loss"]) > 1.1
            return "overfitting" if training - validation > 0.1 or rising else "good fit"
        """,
    ),
]
