// What the system says of this process's memory.
#pragma once

#include <fstream>
#include <string>

namespace walt::benchmarks {

/// A line of /proc/self/status, in bytes: "VmHWM" is the most that was resident.
inline double process_memory(const std::string& key) {
    std::ifstream file("/proc/self/status");
    for (std::string word; file >> word;)
        if (word == key + ":") {
            double kilobytes = 0;
            file >> kilobytes;
            return kilobytes * 1024;
        }
    return 0;
}
/// VmHWM begins anew.
inline void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

} // namespace walt::benchmarks
