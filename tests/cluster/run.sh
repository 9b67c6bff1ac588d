#!/usr/bin/env bash
# A real Slurm on this machine, and what docs/cluster.md promises of it: about ten minutes on two cores. Root, Debian.
# usage: tests/cluster/run.sh [FOLDER [PART…]]    parts: ddp sweep study; all unless named. PYTHON=… is the interpreter
# `sweep` needs the extra `slurm` and accounting (slurmdbd, mariadb-server), without which submitit never hears of a kill;
# `study` needs the extra `sweep`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(realpath -m "${1:-$(mktemp -d)}")
parts=${*:2}
parts=${parts:-ddp sweep study}
python=${PYTHON:-$here/../../.venv/bin/python}
mkdir -p "$work" && cd "$work"
export PATH=$PATH:/usr/sbin OMP_NUM_THREADS=1 MASTER_ADDR=127.0.0.1 WANDB_MODE=offline
export PYTHONPATH=$here/..:$here/../..
case " $parts " in *" sweep "*) export DBD=1 ;; esac
"$here/slurm.sh" start "$work/slurm"
trap '"$here/slurm.sh" stop "$work/slurm"' EXIT
export SLURM_CONF=$work/slurm/slurm.conf

small="generator@model.generator=resnet6 model.generator.width=8 model.generator.blocks=1
  discriminator@model.discriminator=patchgan16 model.discriminator.width=8
  feature_network=random_filters feature_network.filters=8 data=sample data_root=$work/data +debug=smoke"
ddp="trainer=ddp trainer.accelerator=cpu"

state() { "$python" -c "import json, sys; print(json.load(open(sys.argv[1] + '/status.json')).get(sys.argv[2]))" "$1" "$2"; }
images() { grep -c '^[0-9]*,' "$1/metrics.csv" 2>/dev/null || echo 0; }
job_state() { scontrol show job "$1" | grep -o 'JobState=[A-Z]*' | cut -d= -f2; }
wait_for() {  # a job's end
  for _ in $(seq 600); do
    case $(job_state "$1") in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) break ;; esac
    sleep 1
  done
  echo "job $1: $(job_state "$1")"
}
submit() {  # NAME ARGUMENT…: two machines, a rank on each
  local name=$1
  shift
  cat >"$name.sbatch" <<B
#!/bin/bash
#SBATCH --nodes=2 --ntasks-per-node=1 --requeue --open-mode=append --output=$name.out
srun --kill-on-bad-exit=1 $python -m stylegan_pl.train $(echo $small) $ddp batch_size=1 max_images=120 \\
  val_every_images=60 hydra.run.dir=$name +callbacks.witness._target_=ranks.Witness \\
  +callbacks.witness.folder=$name/ranks +callbacks.witness.pause_s=0.2 $*
B
  sbatch --parsable "$name.sbatch"
}

echo "== the sample data"
"$python" -m stylegan_pl.prepare dataset=sample "root=$work/data" | tail -1

ddp() {
  echo "== two machines, a rank on each"
  job=$(submit whole)
  wait_for "$job"
  grep "in all" whole.out
  echo "state: $(state whole state), images: $(state whole images_seen)"

  echo "== the same, sent USR1 on its way"
  job=$(submit halves)
  until [ "$(images halves)" -ge 12 ]; do sleep 0.5; done
  scancel --signal=USR1 "$job"
  echo "USR1 after $(images halves) batches"
  until [ "$(state halves state)" = preempted ]; do sleep 0.2; done
  echo "state: $(state halves state), images: $(state halves images_seen)"
  wait_for "$job"
  grep -E "requeued|resuming" halves.out || true
  scontrol show job "$job" | grep -o 'Restarts=[0-9]*'
  echo "state: $(state halves state), images: $(state halves images_seen)"
  "$python" "$here/same_weights.py" whole halves

  echo "== cancelled: saved, and not requeued"
  job=$(submit cancelled)
  until [ "$(images cancelled)" -ge 6 ]; do sleep 0.5; done
  scancel "$job"
  wait_for "$job"
  sleep 3
  echo "job $job: $(job_state "$job"); state: $(state cancelled state), images: $(state cancelled images_seen)"

  echo "== a rank killed"
  job=$(submit killed +callbacks.fault._target_=ranks.Fault +callbacks.fault.rank=1 +callbacks.fault.images=20 \
    +callbacks.fault.number=SIGKILL +callbacks.fault.marker=killed.marker)
  until [ -s killed.marker ]; do sleep 0.5; done
  killed=$(date +%s)
  wait_for "$job"
  echo "ended $(($(date +%s) - killed)) s after the kill"
}

sweep() {
  echo "== a sweep of four jobs as a Slurm array: the second's process is killed, the third is cancelled"
  "$python" -m stylegan_pl.train -m $small launcher=slurm hydra.launcher.cpus_per_task=1 seed=1,2,3,4 batch_size=1 \
    max_images=60 val_every_images=30 hydra.sweep.dir=array +callbacks.witness._target_=ranks.Witness \
    '+callbacks.witness.folder=${run_dir}/ranks' +callbacks.witness.pause_s=0.5 >sweep.out 2>&1 &
  local sweeping=$!
  until [ "$(images array/001)" -ge 2 ]; do sleep 0.5; done
  kill -KILL "$(state array/001 pid)"
  echo "killed the process of 001"
  until [ "$(images array/002)" -ge 2 ]; do sleep 0.5; done
  scancel "$(squeue -h -t RUNNING -o '%i' | grep '_2$')"
  echo "scancel of 002"
  wait "$sweeping" && echo "exit code 0" || echo "exit code $?"
  tail -n 6 sweep.out
}

study() {
  echo "== two processes search in one study"
  local search="-m $small sweep=optuna sweep.trials=6 sweep.storage=$work/study.journal batch_size=1 max_images=8
    val_every_images=4 model.generator_optimizer.lr=tag(log,interval(1e-5,1e-3))"
  "$python" -m stylegan_pl.train $search hydra.sweep.dir=worker_a >worker_a.out 2>&1 &
  local other=$!
  "$python" -m stylegan_pl.train $search hydra.sweep.dir=worker_b >worker_b.out 2>&1 && echo "b: exit code 0" || echo "b: exit code $?"
  wait "$other" && echo "a: exit code 0" || echo "a: exit code $?"
  "$python" - "$work/study.journal" <<'P'
import sys

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(sys.argv[1]))
(study,) = optuna.study.get_all_study_names(storage)
trials = optuna.load_study(study_name=study, storage=storage).trials
print(len(trials), "trials,", len({tuple(sorted(t.params.items())) for t in trials}), "distinct points;", *(t.state.name for t in trials))
P
}

for part in $parts; do "$part"; done
