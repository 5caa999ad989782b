/* Whether this processor, and the system that runs on it, have AVX2, FMA and the rest of the level x86-64-v3. */
int toposcope_processor_is_x86_64_v3(void);
