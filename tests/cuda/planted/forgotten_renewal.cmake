# A record is replayed on an arena whose memory is another by now.
set(test recording)
set(header core/buffer.hpp)
set(right "return {renewals_, chunk_, offset_};")
set(wrong "return {0, chunk_, offset_};")
