/**
 * A disk of its own for a user's home, whose power can be cut without a machine: ext4 is told to shut down at once, and
 * forgets whatever wasn't on the disk (its journal's open transaction, and data that nobody had synced). This is how the
 * kernel's own tests cut the power (`godown` in xfstests); it takes seconds where a virtual machine takes minutes.
 */
import { execa } from 'execa'
import type { Debian } from '../package/debian'
import { succeeds, user } from './school'

const home = `/home/${user}`
/** Of the chroot. */
const disk = '/disk.img'
/** FS_IOC_SHUTDOWN with "don't flush the log". */
const shutdown = `perl -e 'open(my $it, "<", "${home}") && ioctl($it, 0x8004587d, pack("L", 2)) or die "$!"'`

/** Moves the home to a disk, once nothing of the user runs. */
export async function homeOnDisk({ asRoot }: Debian): Promise<void> {
  await succeeds(
    asRoot(
      `mknod /dev/loop-control c 10 237 && for it in $(seq 0 63); do mknod /dev/loop$it b 7 $it; done
       mke2fs -q -t ext4 -d ${home} ${disk} 3G && rm -r ${home} && install -d -o ${user} -g ${user} ${home}`,
    ),
  )
}

/** ext4 isn't to guess what should have been synced. */
export const switchOn = ({ asRoot }: Debian): Promise<string> =>
  succeeds(asRoot(`mount -o loop,noauto_da_alloc ${disk} ${home} && chown ${user}: ${home}`))

export const cutPower = ({ asRoot }: Debian): Promise<string> => succeeds(asRoot(`${shutdown}; ${leave}`))

/** Ends what runs, and keeps all that was written. */
export const switchOff = ({ asRoot }: Debian): Promise<string> => succeeds(asRoot(leave))

/** As `switchOff`, if it is on. */
export const release = ({ asRoot }: Debian) => asRoot(leave)

const leave = `pkill -KILL -u ${user}; until ! pgrep -u ${user} >/dev/null; do sleep 0.1; done; umount ${home}`

/** Keeps what is on the disk. Switched off. */
export const keepDisk = ({ root }: Debian) => execa('cp', ['--sparse=always', root + disk, `${root}/kept.img`])
export const restoreDisk = ({ root }: Debian) => execa('cp', ['--sparse=always', `${root}/kept.img`, root + disk])
