// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/hanwen/go-fuse/v2/fuse"

// The operations that reach a disk's platter or flash. Looking up a name and
// its attributes, and closing, do not.

func (s *slow) Open(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	s.wait()
	status := s.RawFileSystem.Open(cancel, in, out)
	out.OpenFlags = uncached(out.OpenFlags)
	return status
}

func (s *slow) Create(cancel <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	s.wait()
	status := s.RawFileSystem.Create(cancel, in, name, out)
	out.OpenFlags = uncached(out.OpenFlags)
	return status
}

// uncached has every read and write of a file come here: neither does the
// kernel keep a copy, nor does it turn to the stored file itself.
func uncached(flags uint32) uint32 {
	return flags&^(fuse.FOPEN_PASSTHROUGH|fuse.FOPEN_KEEP_CACHE) | fuse.FOPEN_DIRECT_IO
}

func (s *slow) Read(cancel <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	s.wait()
	return s.RawFileSystem.Read(cancel, in, buf)
}

func (s *slow) Write(cancel <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	s.wait()
	return s.RawFileSystem.Write(cancel, in, data)
}

func (s *slow) Fsync(cancel <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	s.wait()
	return s.RawFileSystem.Fsync(cancel, in)
}

func (s *slow) SetAttr(cancel <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	s.wait()
	return s.RawFileSystem.SetAttr(cancel, in, out)
}

func (s *slow) Mkdir(cancel <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	s.wait()
	return s.RawFileSystem.Mkdir(cancel, in, name, out)
}

func (s *slow) Unlink(cancel <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	s.wait()
	return s.RawFileSystem.Unlink(cancel, in, name)
}

func (s *slow) Rmdir(cancel <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	s.wait()
	return s.RawFileSystem.Rmdir(cancel, in, name)
}

func (s *slow) Rename(cancel <-chan struct{}, in *fuse.RenameIn, from, to string) fuse.Status {
	s.wait()
	return s.RawFileSystem.Rename(cancel, in, from, to)
}

func (s *slow) OpenDir(cancel <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	s.wait()
	return s.RawFileSystem.OpenDir(cancel, in, out)
}

func (s *slow) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	s.wait()
	return s.RawFileSystem.ReadDir(cancel, in, out)
}

func (s *slow) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	s.wait()
	return s.RawFileSystem.ReadDirPlus(cancel, in, out)
}
