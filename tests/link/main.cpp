// Compares what a unit computes beside a unit of another instruction set with what it computes alone.
#include "unit.hpp"

#include <cstdio>
#include <cstring>

namespace {

void write(const char* path, const std::vector<std::uint32_t>& results) {
    std::FILE* file = std::fopen(path, "wb");
    std::fwrite(results.data(), sizeof(std::uint32_t), results.size(), file);
    std::fclose(file);
}

int differences(const char* path, const std::vector<std::uint32_t>& results) {
    std::vector<std::uint32_t> alone(results.size() + 1);
    std::FILE* file = std::fopen(path, "rb");
    if (!file) return std::printf("%s is not there\n", path), 1;
    alone.resize(std::fread(alone.data(), sizeof(std::uint32_t), alone.size(), file));
    std::fclose(file);
    int count = alone.size() == results.size() ? 0 : 1;
    for (std::size_t i = 0; i < alone.size() && i < results.size(); ++i) count += alone[i] != results[i];
    std::printf("%s: %zu numbers, %d differ beside the other unit\n", path, results.size(), count);
    return count;
}

} // namespace

int main() {
#if defined(ALONE)
    write(FILE_NAME, ALONE());
#else
    return differences("plain.bits", plain_results()) + differences("native.bits", native_results()) ? 1 : 0;
#endif
}
