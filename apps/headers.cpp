// The one source of the library that carries the precompiled headers of the examples.
