#pragma once

/// All of dagrad, and what trains models: `dagrad/dagrad.hpp` and every header of `dagrad/train`.

#include "dagrad/dagrad.hpp"
#include "dagrad/train/average.hpp"
#include "dagrad/train/dataset.hpp"
#include "dagrad/train/dataset_files.hpp"
#include "dagrad/train/fit.hpp"
#include "dagrad/train/gradient_report.hpp"
#include "dagrad/train/gradient_warnings.hpp"
#include "dagrad/train/history.hpp"
#include "dagrad/train/idx.hpp"
#include "dagrad/train/initializers.hpp"
#include "dagrad/train/layers.hpp"
#include "dagrad/train/lbfgs.hpp"
#include "dagrad/train/least_squares.hpp"
#include "dagrad/train/metrics.hpp"
#include "dagrad/train/network.hpp"
#include "dagrad/train/preprocess.hpp"
#include "dagrad/train/progress.hpp"
#include "dagrad/train/rate_range.hpp"
#include "dagrad/train/schedules.hpp"
#include "dagrad/train/split.hpp"
