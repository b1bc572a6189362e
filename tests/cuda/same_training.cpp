// The CPU's half of same_training_test.
#include "same_training.hpp"

#include <walt/cpu.hpp>

training_course train_on_cpu() {
    walt::cpu::context ctx;
    return train_twenty_steps(ctx);
}
